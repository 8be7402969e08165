import type { ActionContext } from '../../core/caller/context/context.ts';
import { type DoctorCheck, ok, warn } from '../../core/caller/refusals/check.ts';
import { Awake } from './awake.ts';
import { keepAwake } from './settings.ts';

const FIX = 'See docs/guides/overnight.md; KEEP_AWAKE=no if this machine never sleeps.';
const LOOK_MS = 50;

/** Tries it: holds off idle sleep for a moment. */
export async function awakeChecks({ env, home, clock }: ActionContext): Promise<DoctorCheck[]> {
  if ((await keepAwake({ env, home })) === 'no')
    return [ok('awake', 'KEEP_AWAKE=no: idle sleep is not held off')];
  const awake = new Awake({ env, home, clock });
  try {
    await awake.want(true);
    while (awake.sleep === undefined) await clock.sleep(LOOK_MS);
    const { isHeld, text } = awake.sleep;
    return [isHeld ? ok('awake', text, 'idle sleep is held off') : warn('awake', text, FIX)];
  } finally {
    awake.release();
  }
}
