// Prints the names of the Debian packages of which the image has something.
import { packages } from './content.ts';

console.log(packages.map(({ name }) => name).join(' '));
