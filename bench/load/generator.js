// The load generator's process: does one task at a time, as the runner asks.
import { answerQuestions } from '../ipc/answer.js';
import { Crowd } from './crowd.js';
import { broadcast, probeBroadcast } from './tasks/broadcast.js';
import { close } from './tasks/close.js';
import { comeBack } from './tasks/come-back.js';
import { echo, probeEcho } from './tasks/echo.js';
import { join } from './tasks/join.js';
import { kicked } from './tasks/kicked.js';
import { knock } from './tasks/knock.js';
import { open } from './tasks/open.js';
import { latency } from './tasks/latency.js';
import { pause } from './tasks/pause.js';
import { refuse } from './tasks/refuse.js';
import { rest } from './tasks/rest.js';
import { rollBack, rollCut, rollEnd, rollIn, rollTo } from './tasks/rolling.js';
import { soak } from './tasks/soak.js';
import { stall, stalled } from './tasks/stall.js';
import { setKeys } from './tokens.js';

/** @type {Crowd | null} */
let crowd = null;

/**
 * @template T
 * @param {(crowd: Crowd, options: T) => unknown} task
 */
function onCrowd(task) {
  return (/** @type {T} */ options) => {
    if (!crowd) throw new Error('there is no crowd yet');
    return task(crowd, options);
  };
}

answerQuestions({
  keys: setKeys,
  cpu: () => process.cpuUsage(),
  open: onCrowd(open),
  refuse: onCrowd(refuse),
  close: onCrowd(close),
  comeBack: onCrowd(comeBack),
  rest: onCrowd(rest),
  join: onCrowd(join),
  kicked: onCrowd(kicked),
  probeEcho: onCrowd(probeEcho),
  echo: onCrowd(echo),
  probeBroadcast: onCrowd(probeBroadcast),
  broadcast: onCrowd(broadcast),
  pause: onCrowd(pause),
  latency: onCrowd(latency),
  soak: onCrowd(soak),
  rollIn: onCrowd(rollIn),
  rollCut: onCrowd(rollCut),
  rollTo: onCrowd(rollTo),
  rollBack: onCrowd(rollBack),
  rollEnd: onCrowd(rollEnd),
  stall: onCrowd(stall),
  stalled: onCrowd(stalled),
  knock: onCrowd(knock),
  crowd(/** @type {import('./crowd.js').CrowdOptions} */ options) {
    crowd?.drop();
    crowd = new Crowd(options);
  },
  drop() {
    crowd?.drop();
    crowd = null;
  },
});
