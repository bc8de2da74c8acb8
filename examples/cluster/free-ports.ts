import { isFree } from '../support/development.js';

const LAST = 65_535;

/**
 * The next so many ports above one on which nobody listens. Near to it, and not any free ones: the kernel
 * takes those for clients, such as the first node's of Redis, before the last node listens.
 */
export async function freePorts(count: number, above: number): Promise<number[]> {
  const ports: number[] = [];
  for (let port = above + 1; ports.length < count && port <= LAST; port++)
    if (await isFree(port)) ports.push(port);
  return ports;
}
