import { diskUsage } from '../../../core/acts/clean-up/worktrees.act.ts';
import { type GitOptions, gitLine } from '../../../core/project/git/git.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import type { StateSummary } from '../board/board.ts';
import { POOL_REFS } from '../board/git-remote.ts';
import { readCopyMark } from '../states/restore-state.ts';
import type { MemberParts } from './member-parts.ts';
import { type PruneParts, pruneSessions } from './prune.act.ts';
import { isPrunableSummary, prunableView, type Retention } from './retention.ts';

/** At its start, a supervisor publishes each of its sessions again, which must find the ref. */
const FIRST_AFTER_MS = 10 * 60_000;
const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;

/** What a member does for old sessions: it removes them once a day, and measures the copies of the rest each hour. */
export class DailyPrune {
  readonly #parts: PruneParts & Pick<MemberParts, 'status' | 'say'>;
  #pruneAtMs: number | undefined;
  #measureAtMs = Number.NEGATIVE_INFINITY;

  constructor({ place, ...parts }: MemberParts) {
    this.#parts = { ...parts, git: { ...parts.git, cwd: place.mainRepo } };
  }

  /** Does what is due. Called at each renewal. @param views the sessions of the pool on this machine */
  async step(views: readonly SessionView[]): Promise<void> {
    const { clock, status, say, git } = this.#parts;
    const now = clock.monotonic();
    // Nothing has been read yet, or there is nothing to do.
    if (views.length === 0) return;
    this.#pruneAtMs ??= now + FIRST_AFTER_MS;
    if (now >= this.#pruneAtMs) {
      // After a failure, for example of the network, an hour later.
      this.#pruneAtMs = now + HOUR_MS;
      this.#measureAtMs = now;
      const { pruned } = await pruneSessions(views, this.#parts, { dryRun: false });
      this.#pruneAtMs = now + DAY_MS;
      for (const { session, what, ending } of pruned)
        say(
          `${session}: ${ending} long ago; ${what === 'copy' ? 'its copy here was removed' : 'it left the pool'}`,
        );
    }
    if (now < this.#measureAtMs) return;
    this.#measureAtMs = now + HOUR_MS;
    status.holds(await diskOf(views, git));
  }

  isDue(view: SessionView): boolean {
    return prunableView(view, this.#retention()) !== undefined;
  }

  isDueSummary(summary: StateSummary): boolean {
    return isPrunableSummary(summary, this.#retention());
  }

  #retention(): Retention {
    return { nowMs: this.#parts.clock.now(), days: this.#parts.poolDays };
  }
}

/** The copies of sessions of other machines, and the bytes of their files and of the git objects of the pool alone. */
async function diskOf(
  views: readonly SessionView[],
  git: GitOptions,
): Promise<{ copies: number; bytes: number }> {
  const paths = [];
  for (const { paths: of } of views) if ((await readCopyMark(of)) !== undefined) paths.push(of);
  const files = await diskUsage(paths.flatMap(({ runDir, sessionDir }) => [runDir, sessionDir]));
  const others = [`--exclude=${POOL_REFS}*`, '--all'];
  const list = ['rev-list', '--disk-usage', '--objects', `--glob=${POOL_REFS}*`, '--not', ...others];
  return { copies: paths.length, bytes: (files ?? 0) + Number(await gitLine(list, git)) };
}
