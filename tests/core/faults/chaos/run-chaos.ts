import { type ChaosEnd, runChaosSession } from './chaos-session.ts';

export interface ChaosPlan {
  /** Processes to kill over all sessions. */
  kills: number;
  seed: number;
  /** Sessions that run in parallel. */
  atOnce?: number;
  /** Called with one line per session. */
  say: (line: string) => void;
}

export interface ChaosResult {
  passed: number;
  failed: number;
  killed: number;
}

/** Maximum kills of one session, so that many sessions reach their end. */
const MAX_KILLS_EACH = 25;
/** After this many failures, further ones add no information. */
const ENOUGH_FAILURES = 5;

/** Runs sessions until all kills are used; every session then continues to its end. */
export async function runChaos({ kills, seed, atOnce = 3, say }: ChaosPlan): Promise<ChaosResult> {
  const result: ChaosResult = { passed: 0, failed: 0, killed: 0 };
  let nth = 0;
  const each = Math.min(MAX_KILLS_EACH, Math.ceil(kills / atOnce));
  const lane = async () => {
    while (result.killed < kills && result.failed < ENOUGH_FAILURES) {
      nth += 1;
      const number = nth;
      // The seed of one session, to run it alone: `--seed` with that number and few kills.
      const own = seed * 1000 + number;
      const begun = performance.now();
      const share = shareOf(kills, each, result);
      try {
        const end = await runChaosSession(own, share);
        result.passed += 1;
        say(
          `ok    session ${number} (${own}): ${progressText(end)}, ${Math.round(performance.now() - begun)} ms`,
        );
      } catch (error) {
        result.failed += 1;
        say(`FAIL  session ${number} (${own}): ${error instanceof Error ? error.stack : String(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return result;
}

function shareOf(kills: number, each: number, result: ChaosResult): () => boolean {
  let own = 0;
  return () => {
    if (own >= each || result.killed >= kills) return false;
    own += 1;
    result.killed += 1;
    return true;
  };
}

function progressText({ iterations, killed, takeovers }: ChaosEnd): string {
  const kinds = [...killed].map(([victim, times]) => `${times} ${victim}`).join(', ');
  return `${iterations} iterations, ${takeovers} workers, killed ${kinds || 'nothing'}`;
}
