// One machine of the world: listens, asks and keeps connections where it runs. Reads one request a line (JSON) and
// answers each with one line. argv: the name it answers with
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { connect, createServer, type Socket } from 'node:net';
import { createInterface, type Interface } from 'node:readline';
import type { PeerAnswer, PeerRequest, Question } from './peer-request.ts';

const name = process.argv[2] ?? '?';
const open = new Map<number, Dialogue>();

/** Something that goes on over one connection, or from one UDP port. */
interface Dialogue {
  readonly greeting: Promise<string>;
  say(text: string, timeoutMs: number): Promise<string>;
  close(): void;
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line) as PeerRequest;
  void answer(request).then((lines) => {
    const reply: PeerAnswer = { id: request.id, lines };
    process.stdout.write(`${JSON.stringify(reply)}\n`);
  });
}

async function answer(request: PeerRequest): Promise<readonly string[]> {
  switch (request.kind) {
    case 'listen':
      await listen(request.tcp, request.udp);
      return [];
    case 'ask':
      return await askInTurn(request.questions);
    case 'open': {
      const dialogue = begin(request.question);
      open.set(request.id, dialogue);
      return [await dialogue.greeting];
    }
    case 'say':
      return [(await open.get(request.dialogue)?.say(request.text, request.timeoutMs)) ?? 'not open'];
    case 'close':
      open.get(request.dialogue)?.close();
      open.delete(request.dialogue);
      return [];
  }
}

/** Who listens tells every connection its name and whom it sees, and then repeats what it is told. */
async function listen(tcp: readonly number[], udp: readonly number[]): Promise<void> {
  for (const port of tcp) {
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.write(`${name} ${plain(socket.remoteAddress)}\n`);
      socket.pipe(socket);
    });
    await new Promise<void>((resolve) => server.listen(port, '::', resolve));
  }
  for (const port of udp) {
    const socket = createSocket({ type: 'udp6' });
    socket.on('message', (_text, from) => socket.send(`${name} ${plain(from.address)}`, from.port, from.address));
    await new Promise<void>((resolve) => socket.bind(port, '::', resolve));
  }
}

function plain(address: string | undefined): string {
  return (address ?? '?').replace(/^::ffff:/, '');
}

/** One question after the other, so that round robin goes through all who can answer. */
async function askInTurn(questions: readonly Question[]): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const question of questions) lines.push(await ask(question));
  return lines;
}

async function ask(question: Question): Promise<string> {
  const dialogue = begin(question);
  const line = await dialogue.greeting;
  dialogue.close();
  return line;
}

function begin(question: Question): Dialogue {
  return question.protocol === 'TCP' ? openTcp(question) : openUdp(question);
}

function openTcp(question: Question): Dialogue {
  const socket = connect({ host: question.host, port: question.port });
  const lines = createInterface({ input: socket });
  return {
    greeting: nextLine(socket, lines, question.timeoutMs),
    say(text, timeoutMs) {
      const reply = nextLine(socket, lines, timeoutMs);
      socket.write(`${text}\n`);
      return reply;
    },
    close: () => void socket.end(),
  };
}

function nextLine(socket: Socket, lines: Interface, timeoutMs: number): Promise<string> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => end('silence'), timeoutMs);
    const onError = (error: Error) => end(errorName(error));
    const onClose = () => end('closed');
    function end(line: string): void {
      clearTimeout(timer);
      lines.off('line', end).off('error', onError);
      socket.off('error', onError).off('close', onClose).on('error', ignore);
      if (line === 'silence') socket.destroy();
      resolve(line);
    }
    lines.once('line', end).once('error', onError);
    socket.once('error', onError).once('close', onClose);
  });
}

/** From one port all the time, as long-lived UDP clients do. */
function openUdp(question: Question): Dialogue {
  const socket = createSocket(question.host.includes(':') ? 'udp6' : 'udp4');
  const connected = new Promise<string | undefined>((resolve) => {
    socket.once('connect', () => resolve(undefined)).once('error', (error) => resolve(errorName(error)));
    socket.connect(question.port, question.host);
  });
  const say = async (text: string, timeoutMs: number): Promise<string> =>
    (await connected) ?? (await nextDatagram(socket, text, timeoutMs));
  return { greeting: say('?', question.timeoutMs), say, close: () => void socket.close() };
}

function nextDatagram(socket: UdpSocket, text: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => end('silence'), timeoutMs);
    function end(line: string): void {
      clearTimeout(timer);
      socket.removeAllListeners('message').removeAllListeners('error').on('error', ignore);
      resolve(line);
    }
    socket.once('message', (message) => end(message.toString()));
    socket.once('error', (error) => end(errorName(error)));
    socket.send(text);
  });
}

function errorName(error: NodeJS.ErrnoException): string {
  return error.code ?? error.message;
}

function ignore(): void {}
