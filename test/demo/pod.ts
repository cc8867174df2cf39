// A pod of the demo: answers HTTP on 8080 and UDP on 5353 with its name and the client's address. argv: name
import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';

const name = process.argv[2] ?? 'pod';
const server = createServer((request, response) => {
  response.setHeader('connection', 'close');
  response.end(`${name} saw ${request.socket.remoteAddress ?? '?'}`);
});
const socket = createSocket({ type: 'udp6' }, (_message, from) => {
  socket.send(`${name} saw ${from.address}`, from.port, from.address);
});
server.listen(8080, '::', () => socket.bind(5353, '::', () => process.stdout.write('ready\n')));
