import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import './process-budget.js';

export interface KeyPair {
  readonly key: string;
  readonly cert: string;
}

let made: KeyPair | undefined;

/** A certificate for localhost, 127.0.0.1 and chat.test that nobody but its holder trusts; made once. */
export function selfSigned(): KeyPair {
  made ??= make();
  return made;
}

function make(): KeyPair {
  const folder = mkdtempSync(join(tmpdir(), 'roomgate-cert-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const names = 'subjectAltName=DNS:localhost,DNS:chat.test,IP:127.0.0.1';
  const request = ['req', '-x509', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-addext', names];
  try {
    const files = ['-keyout', key, '-out', cert];
    execFileSync('openssl', [...request, ...kind, ...files], { stdio: 'ignore' });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
