import { goOnHere } from '../support/worker-in-this-process.ts';
import { type FaultRow, faultTable } from './fault-row.ts';

/** Which write of the first worker fails, first to last, and how. */
const FAILING = ['2-5:ENOSPC', '3-6:ENOSPC', '8-11:ENOSPC', '14-17:ENOSPC', '25-28:ENOSPC', '40-43:ENOSPC'];
const DYING_DISK = ['5-7:EIO', '15-17:EIO', '30-32:EIO'];
const OTHERS = ['10-12:EMFILE', '12-14:EDQUOT', '20-22:EROFS'];

const rows: FaultRow[] = [...FAILING, ...DYING_DISK, ...OTHERS].map((range) => ({
  name: `writes ${range} fail, and the session goes on as if nothing had happened`,
  env: { SAMOCODE_FAIL_AT: `write@${range}` },
  ends: 'waiting/qa_answers',
  // The next worker writes what the first could not write any more when it left.
  also: (rig) => goOnHere(rig),
  sameFiles: true,
}));

faultTable(rows);
