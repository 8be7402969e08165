import { continueHere } from '../../support/worker-in-this-process.ts';
import { type FaultRow, inParallel } from './fault-row.ts';

/** Which writes of the first worker fail, from first to last and repeatedly, and how: a failed write is repeated. */
const FAILING = [
  '2-5:ENOSPC,19-21:EIO',
  '3-6:ENOSPC,24-26:EROFS',
  '8-11:ENOSPC,34-36:EIO',
  '5-7:EIO,17-20:ENOSPC',
  '10-12:EMFILE,28-31:ENOSPC',
  '12-14:EDQUOT,43-46:ENOSPC',
];

const rows: FaultRow[] = FAILING.map((ranges) => ({
  name: `writes ${ranges} fail, and the session ends as if undisturbed`,
  env: { SAMOCODE_FAIL_AT: `write@${ranges}` },
  ends: 'waiting/qa_answers',
  // The next worker writes what the first could not when it left.
  also: (rig) => continueHere(rig),
  sameFiles: true,
}));

inParallel('writes that fail for a while do not change the result, whichever they are', rows, { ci: true });
