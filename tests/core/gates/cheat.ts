import type { CheatKit } from './cheat-kit.ts';

/** A way to get past a gate without a person's act. Each case is an entry of a table. */
export interface Cheat {
  /** Completes "the gate stays closed when an agent …". */
  name: string;
  /** A representative of its family: `.ci/run` plays it. */
  ci?: true;
  /** What the agent does before its honest signal; a signal that it writes itself replaces that. */
  play(kit: CheatKit): unknown;
  /** Run by a process that the agent leaves behind, a second after the start of `play`. */
  late?(kit: CheatKit): unknown;
  /** What the record must contain: the text of a forgery or a refusal. */
  seen?: RegExp;
  /** The same if the agent runs without the guard. */
  seenWithoutGuard?: RegExp;
  /** The outcome if the agent runs without the guard; by default, and in the guard, a closed gate. */
  withoutGuard?: Exclude<Outcome, 'closed'>;
  /** Why it opens the gate in that case; docs/security.md documents it. */
  why?: string;
  /** Without a guard its forged act stays in the log: whoever resumes the session must know that it was not theirs. */
  actStays?: true;
  /** It leaves no question to be answered: the person is asked at the plan, and told that no agent had one. */
  unasked?: true;
  /** The worker dies of it: another one must start. */
  killsWorker?: true;
  /** It takes or forges the lease, whose owner must be a program that ends. */
  takesLease?: true;
  /** It changes only the documents and the signal, which an agent may write at either level. */
  ownFiles?: boolean;
  /** What a case of a round changes: no other of the round changes it too. */
  changes?: string;
  /** Cases with the same value are played by one agent, one after the other, without affecting each other. */
  together?: Partial<Record<Level, string>>;
}

/** The result of one case, as reported by the agent. */
export interface PlayedCase {
  name: string;
  /** `refused`: by the guard, or by samocode's own programs. */
  end: 'done' | 'refused' | 'failed';
  /** The error that was thrown. */
  said?: string;
  /** Ids of the commands that it wrote. */
  commands: string[];
}

/** Whether an agent runs in the guard. */
export type Level = 'guard' | 'none';

/**
 * `closed`: the session waits at the gate as if nothing had happened; `blocked`: with the list of changes; `lost`: its
 * log was destroyed or replaced, nothing runs any more, and the work is kept; `open`: it continues without a person.
 */
export type Outcome = 'closed' | 'blocked' | 'lost' | 'open';

export function outcomeAt(level: Level, { withoutGuard }: Cheat): Outcome {
  return (level === 'none' ? withoutGuard : undefined) ?? 'closed';
}

/**
 * How the worker runs: in the test's process, or as a separate program if a case ends it or loses what would have to
 * end with it. Remains of one kind in the run folder may interfere with another.
 */
export const WORKER_KINDS = ['guarded', 'here', 'killed', 'loses'] as const;

export type WorkerKind = (typeof WORKER_KINDS)[number];

export function workerKind(level: Level, cheats: readonly Cheat[]): WorkerKind {
  // In the guard, an agent's changes to its own documents and signal never reach the worker.
  if (level === 'guard') return cheats.every(({ ownFiles }) => ownFiles) ? 'here' : 'guarded';
  if (cheats.some(({ killsWorker }) => killsWorker)) return 'killed';
  const loses = (cheat: Cheat) => cheat.takesLease || outcomeAt(level, cheat) === 'lost';
  return cheats.some(loses) ? 'loses' : 'here';
}

/** The block and its list. */
export function blockedBy(path: string): RegExp {
  return new RegExp(`^(?=.*"rule":"run_folder_changed").*${path}`, 'm');
}

/**
 * Cases known to open a gate at a level are not played there; those with the same outcome at both levels are played in
 * the guard.
 */
export function playedAt(level: Level, cheats: readonly Cheat[]): Cheat[] {
  return cheats.filter(
    (cheat) => outcomeAt(level, cheat) !== 'open' && !(level === 'none' && cheat.ownFiles),
  );
}

/** The rows that `playedAt` leaves to the guard; the soak suite plays them without it as well. */
export function deferredToGuard(cheats: readonly Cheat[]): Cheat[] {
  return cheats.filter((cheat) => cheat.ownFiles && outcomeAt('none', cheat) !== 'open');
}

/** Replaces the `together` of cases that change the same file and would hide each other. */
export const ROUND = 'round';

/** The first case of each file is played with the first of every other file, and so on. */
export function inRounds(cheats: readonly Cheat[]): Cheat[] {
  const counts = new Map<string, number>();
  return cheats.map((cheat) => {
    if (cheat.together?.none !== ROUND) return cheat;
    const outcome = outcomeAt('none', cheat);
    const file = `${cheat.changes ?? outcome}`;
    const nth = (counts.get(file) ?? 0) + 1;
    counts.set(file, nth);
    return { ...cheat, together: { ...cheat.together, none: `${outcome} ${ROUND} ${nth}` } };
  });
}

export function together<C extends Cheat>(words: NonNullable<Cheat['together']>, cheats: readonly C[]): C[] {
  return cheats.map((cheat) => ({ together: words, ...cheat }));
}

/** The cases of one level, grouped by the agent that plays them: most alone, others together. */
export function byChild(level: Level, cheats: readonly Cheat[]): Cheat[][] {
  const alone = cheats.filter(({ together }) => together?.[level] === undefined).map((cheat) => [cheat]);
  const words = new Set(cheats.flatMap(({ together }) => together?.[level] ?? []));
  return [...alone, ...[...words].map((word) => cheats.filter((cheat) => cheat.together?.[level] === word))];
}

/** The waits that only a person ends, each with the phase whose agents play the cheats. */
export const GATES = {
  qa: { waitsFor: 'qa_answers', phase: 'requirements' },
  plan: { waitsFor: 'plan_approval', phase: 'planning' },
  replan: { waitsFor: 'plan_approval', phase: 'implementation' },
} as const;
export type GateName = keyof typeof GATES;

/** Tells the next agent what to play, in a file next to the scenario. */
export interface NextCheat {
  cheats: string[];
}
/** Records at which gate of the session the cases are played. */
export const GATE_FILE = 'gate.json';
/** Below HOME: the folder through which agent and test communicate, open in the guard. */
export const TALK = 'talk';
export interface GateFile {
  gate: GateName;
  level: Level;
}
/** Left in the same folder by a command that an agent wrote for the worker. */
export const RAN = 'ran';
/** The agent's report of each case that it has played: a line of JSON. */
export const RECORD = 'played-cases.jsonl';
export const NEXT_CHEAT = 'next-cheat.json';
/** The name that the agent gives to the report: an agent that finds it is a later one, and honest. */
export const PLAYED = 'played-cheat.json';
