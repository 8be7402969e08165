import { makeFolder } from '../../../core/kernel/files/make-folder.ts';
import type { ProofFolders } from '../../../core/kernel/phases/proving.ts';
import { type Guard, insideGuard } from '../../../core/sandbox/guard/make-guard.ts';
import { guardOf, serving } from '../../../core/sandbox/guard-of.ts';
import type { GuardPart, GuardPlaces } from '../../../core/sandbox/places.ts';
import type { ActiveGuard } from '../../../core/sandbox/probe-guard.ts';
import { proofGuard } from '../../../core/sandbox/proof-place.ts';
import type { Inside } from '../served-place.ts';

/** How each service starts, by the ports on which it listens; undefined without a guard. */
export type InsideFor = ((serves: readonly number[]) => Inside) | undefined;

/** Services in a clone: with what its checks see, and their data. */
export function serviceInside(
  guard: ActiveGuard,
  folders: ProofFolders & { data: string },
  env: Record<string, string>,
): InsideFor {
  makeFolder(folders.data, 0o700);
  const { guard: made } = proofGuard(guard, folders, env);
  return made && insideFor(made, guard.egress);
}

export interface ServedWorktree {
  /** Absolute, without links. */
  worktree: string;
  data: string;
  /** Of the services. */
  env: Record<string, string>;
}

/** Services in a worktree: they see neither its repository nor the files of the session. */
export function serviceInWorktree(
  { tool, places }: Pick<ActiveGuard, 'tool' | 'places'>,
  { worktree, data, env }: ServedWorktree,
  part: Pick<GuardPart, 'home' | 'tmp' | 'caches' | 'net' | 'ports'>,
): InsideFor {
  makeFolder(data, 0o700);
  const { session: _, ...rest } = places;
  const own: GuardPlaces = { ...rest, home: { ...places.home, env } };
  if (tool.kind !== 'bwrap') {
    const { openings } = own;
    const opened = { ...openings, write: [...openings.write, worktree, data] };
    return insideFor(guardOf(tool, { ...own, openings: opened }));
  }
  return insideFor(guardOf(tool, own, { ...part, open: [worktree, data], hidesCheckout: true }), part);
}

/** The guard is made once: making it again would change files below the home of services that run. */
function insideFor(guard: Guard, egress: Pick<GuardPart, 'net' | 'ports'> = {}): InsideFor {
  return (serves) => {
    const own = serving(guard, egress, serves);
    return (command) => insideGuard(own, command);
  };
}
