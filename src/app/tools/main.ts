import { tools } from '../../cli/tools.ts';
import { runTool } from './run-tool.ts';
import { toolWorld } from './tool-world.ts';

void runTool(process.argv.slice(2), toolWorld(), {}, tools).then((exitCode) => process.exit(exitCode));
