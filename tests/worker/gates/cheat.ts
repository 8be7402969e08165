import type { CheatKit } from './cheat-kit.ts';

/** One way to get past a gate that is not a person's act. A case is one entry of a table. */
export interface Cheat {
  /** Completes "the gate stays closed when a child …". */
  name: string;
  /** What the child does before its honest signal; a signal that it writes itself stands instead. */
  play(kit: CheatKit): unknown;
  /** Played by what the child leaves running, a second after the start of `play`. */
  late?(kit: CheatKit): unknown;
  /** What the record must show: a forgery or a refusal, in its words. */
  seen?: RegExp;
  /** The same where no guard kept the child from it. */
  seenWithoutGuard?: RegExp;
  /** Where the session stands where no guard kept the child from it; else, and in the guard, at the closed gate. */
  withoutGuard?: Exclude<Outcome, 'closed'>;
  /** Why it opens the gate then; docs/security.md says so too. */
  why?: string;
  /** Without a guard its forged act stays on record: whoever resumes the session must know that it is none of theirs. */
  actStays?: true;
  /** The worker dies of it: another one must come. */
  killsWorker?: true;
  /** It takes or forges the lease, whose owner must be a program that ends. */
  takesLease?: true;
  /** It touches nothing but the documents and the signal, which are the child's own at either level. */
  ownFiles?: boolean;
  /** Cases with the same word are played by one child, one after the other: none of them gets into another's way. */
  together?: Partial<Record<Level, string>>;
}

/** What became of one case, as its child says. */
export interface PlayedCase {
  name: string;
  /** `refused`: by the guard, or by our own programs. */
  end: 'done' | 'refused' | 'failed';
  /** What was thrown. */
  said?: string;
  /** Ids of the commands that it left. */
  commands: string[];
}

/** How a child runs. */
export type Level = 'guard' | 'none';

/**
 * `closed`: the session waits at the gate as if nothing had been done; `blocked`: with the list of what changed; `lost`:
 * its log was destroyed or replaced, nothing runs any more, and the work is kept; `open`: it goes on without a person.
 */
export type Outcome = 'closed' | 'blocked' | 'lost' | 'open';

export function outcomeAt(level: Level, { withoutGuard }: Cheat): Outcome {
  return (level === 'none' ? withoutGuard : undefined) ?? 'closed';
}

/**
 * What the worker is: the process of the test, or a program of its own where a case ends it, or loses what would have to
 * end with it. What one kind leaves in the run folder may get into the way of another.
 */
export const WORKER_KINDS = ['guarded', 'here', 'killed', 'loses'] as const;

export type WorkerKind = (typeof WORKER_KINDS)[number];

export function workerKind(level: Level, cheats: readonly Cheat[]): WorkerKind {
  // What a child in the guard does to its own documents and signal alone reaches no worker.
  if (level === 'guard') return cheats.every(({ ownFiles }) => ownFiles) ? 'here' : 'guarded';
  if (cheats.some(({ killsWorker }) => killsWorker)) return 'killed';
  const loses = (cheat: Cheat) => cheat.takesLease || outcomeAt(level, cheat) === 'lost';
  return cheats.some(loses) ? 'loses' : 'here';
}

/** The block and the list in it. */
export function blockedBy(path: string): RegExp {
  return new RegExp(`^(?=.*"rule":"run_folder_changed").*${path}`, 'm');
}

/** What is known to open a gate at a level is not played there; what ends alike at both has its row in the guard. */
export function playedAt(level: Level, cheats: readonly Cheat[]): Cheat[] {
  return cheats.filter(
    (cheat) => outcomeAt(level, cheat) !== 'open' && !(level === 'none' && cheat.ownFiles),
  );
}

/** The rows that `playedAt` leaves to the guard; the soak plays them without it as well. */
export function leftToGuard(cheats: readonly Cheat[]): Cheat[] {
  return cheats.filter((cheat) => cheat.ownFiles && outcomeAt('none', cheat) !== 'open');
}

/** Stands for the words of cases that would hide each other where they change the same file. */
export const ROUND = 'round';

/** The first case of each file is played with the first of every other one, and so on. */
export function inRounds(cheats: readonly Cheat[]): Cheat[] {
  const counts = new Map<string, number>();
  return cheats.map((cheat) => {
    if (cheat.together?.none !== ROUND) return cheat;
    const file = `${cheat.seenWithoutGuard}`;
    const nth = (counts.get(file) ?? 0) + 1;
    counts.set(file, nth);
    return { ...cheat, together: { ...cheat.together, none: `${ROUND} ${nth}` } };
  });
}

export function together<C extends Cheat>(words: NonNullable<Cheat['together']>, cheats: readonly C[]): C[] {
  return cheats.map((cheat) => ({ together: words, ...cheat }));
}

/** The cases of one level, by the child that plays them: most alone, and others together. */
export function byChild(level: Level, cheats: readonly Cheat[]): Cheat[][] {
  const alone = cheats.filter(({ together }) => together?.[level] === undefined).map((cheat) => [cheat]);
  const words = new Set(cheats.flatMap(({ together }) => together?.[level] ?? []));
  return [...alone, ...[...words].map((word) => cheats.filter((cheat) => cheat.together?.[level] === word))];
}

/** The waits that only a person ends, each with the phase whose children play the cheats. */
export const GATES = {
  qa: { waitsFor: 'qa_answers', phase: 'requirements' },
  plan: { waitsFor: 'plan_approval', phase: 'planning' },
  replan: { waitsFor: 'plan_approval', phase: 'implementation' },
} as const;
export type GateName = keyof typeof GATES;

/** What the test tells the next child, in a file beside the scenario. */
export interface NextCheat {
  cheats: string[];
}
/** Says at which gate of the session the cases are played. */
export const GATE_FILE = 'gate.json';
export interface GateFile {
  gate: GateName;
  level: Level;
}
/** What the child says of each case that it has played: a line of JSON. */
export const RECORD = 'played-cases.jsonl';
export const NEXT_CHEAT = 'next-cheat.json';
/** The name that the child gives to it: a child that finds this one is a later one, and honest. */
export const PLAYED = 'played-cheat.json';
