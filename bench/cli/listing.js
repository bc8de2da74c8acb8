// What there is to choose from.
import { JOBS } from '../jobs/index.js';
import { SERVERS } from '../servers/index.js';

export function listing() {
  const jobs = JOBS.map(({ name, what, cells }) => {
    const lines = cells.map((cell) => `    ${cell.name} (${cell.unit})`);
    return [`  ${name}: ${what}`, ...lines].join('\n');
  });
  const servers = Object.entries(SERVERS).map(([name, { what }]) => `  ${name}: ${what}`);
  return ['jobs', ...jobs, 'servers', ...servers].join('\n');
}
