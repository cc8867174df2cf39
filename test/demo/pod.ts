// A pod of the demo: answers HTTP on 8080 and UDP on 5353 with its name. /slow takes six seconds. argv: name
import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';

const slowAnswerMs = 6_000;
const name = process.argv[2] ?? 'pod';
const server = createServer((request, response) => {
  response.setHeader('connection', 'close');
  if (request.url === '/slow') setTimeout(() => response.end(name), slowAnswerMs);
  else response.end(name);
});
const socket = createSocket({ type: 'udp6' }, (_message, from) => {
  socket.send(name, from.port, from.address);
});
server.listen(8080, '::', () => socket.bind(5353, '::', () => process.stdout.write('ready\n')));
