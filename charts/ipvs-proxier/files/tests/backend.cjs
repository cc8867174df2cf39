// What the Services of "helm test" lead to: tells its own name and the address of who asks.
const { createServer } = require('node:http');

createServer((request, response) => {
  response.end(JSON.stringify({ pod: process.env.POD_NAME, client: request.socket.remoteAddress }));
}).listen(Number(process.env.PORT), '::');
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));
