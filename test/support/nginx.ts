import { type ChildProcess, spawn } from 'node:child_process';
import { connect, createServer, type AddressInfo } from 'node:net';
import { eventually } from './poll.js';
import { selfSigned } from './self-signed.js';
import { TempFiles } from './temp-files.js';
import './process-budget.js';

/** The WebSocket block of nginx's documentation (https://nginx.org/en/docs/http/websocket.html), unchanged. */
export const DOCUMENTED = `
  proxy_pass http://backend;
  proxy_http_version 1.1;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection "upgrade";
`;

/** An nginx on loopback, which ends TLS in front of the upstream `backend` and has one server for each block of a location. */
export class Nginx {
  readonly #files = new TempFiles();
  #process: ChildProcess | undefined;

  /** In the order of the blocks. */
  ports: readonly number[] = [];

  /** `stop` has to follow also when this rejects. */
  async start(backendPort: number, ...blocks: string[]): Promise<void> {
    this.ports = await Promise.all(blocks.map(freePort));
    const { folder } = this.#files;
    const { key, cert } = selfSigned();
    this.#files.write('key.pem', key);
    this.#files.write('cert.pem', cert);
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    const servers = blocks.map(
      (block, index) =>
        `server { listen 127.0.0.1:${this.ports[index]} ssl; location / { ${block} } }`,
    );
    const config = `
      daemon off; master_process off; pid nginx.pid; error_log stderr;
      events { worker_connections 64; }
      http {
        access_log off;
        ${temporary.map((name) => `${name}_temp_path ${name};`).join(' ')}
        ssl_certificate cert.pem; ssl_certificate_key key.pem;
        upstream backend { server 127.0.0.1:${backendPort}; }
        ${servers.join('\n')}
      }`;
    const path = this.#files.write('nginx.conf', config);
    this.#process = spawn('nginx', ['-p', folder, '-c', path, '-e', 'stderr'], { stdio: 'ignore' });
    for (const port of this.ports)
      await eventually(() => isListening(port), 'nginx to listen', 10_000);
  }

  async stop(): Promise<void> {
    const nginx = this.#process;
    if (nginx && nginx.exitCode === null && nginx.signalCode === null) {
      const gone = new Promise((resolve) => nginx.once('exit', resolve));
      nginx.kill('SIGTERM');
      await gone;
    }
    this.#files.remove();
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const answer = (isThere: boolean): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
  });
}
