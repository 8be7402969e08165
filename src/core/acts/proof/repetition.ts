/** What each kind of difference is called in messages. */
export const DIFFERENCES = {
  proof: 'proof',
  branch: 'branch',
  commit: 'commit',
  older_commit: 'proof is for an older commit',
  tree: 'tree',
  base: 'base commit',
  exit_status: 'exit status',
} as const;

export interface Difference {
  what: keyof typeof DIFFERENCES;
  about?: string;
  expected: string;
  found: string;
  lastLines?: string;
}

export interface RepeatedCheck {
  command: string;
  isSetup?: true;
  redBefore?: true;
  /** By the proof, it failed and passed, as on the base. */
  unsteady?: true;
  /** Absent if the proof does not have this command. */
  expected?: number | null;
  /** Null if a signal or the time limit ended it; absent if it did not run. */
  found?: number | null;
  durationMs?: number;
}

export interface Repetition {
  /** Nothing differs from a proof. */
  verified: boolean;
  /**
   * `repeated`: everything matches the proof. `partly`: what ran matches, but the proof has more commands
   * or leaves something open. `no_proof`: the text has none, and the checks pass. `differs`: a check fails or
   * does not match the proof.
   */
  result: 'repeated' | 'partly' | 'no_proof' | 'differs';
  differences: Difference[];
  session?: string;
  branch?: string;
  /** Absent if only an altered proof could name it. */
  commit?: string;
  /** The commit that the proof is about. */
  proved?: string;
  checks: RepeatedCheck[];
  /** Commands of the proof that did not run, because they are not among the trusted ones. */
  notRepeated: Pick<RepeatedCheck, 'command' | 'isSetup' | 'expected'>[];
  requirements: { id: string; text: string; check: string; shown: RequirementShown }[];
  /** What the proof itself leaves open. */
  partly?: string;
  ranIn?: 'worktree';
}

export type RequirementShown = 'passed' | 'failed' | 'reviewed' | 'not_repeated';

/** The verdict on what was claimed, as one line. @param shown escapes text by others */
export function verdictWords(
  { result, branch, commit, proved, partly, notRepeated, checks }: Repetition,
  shown: (text: string) => string,
): string {
  const at = commit && `${branch === undefined ? '' : `${shown(branch)} at `}${commit.slice(0, 12)}`;
  switch (result) {
    case 'repeated':
      return `yes: ${at} matches the proof${checks.length === 0 ? '; it has no checks' : ''}`;
    case 'partly': {
      const open = notRepeated.length > 0 ? ['commands of the proof that were not repeated'] : [];
      const what = proved === undefined ? `the checks pass on ${at}` : `${at} matches the proof`;
      return `partly: ${what}; ${[...(partly === undefined ? [] : [shown(partly)]), ...open].join('; ')}`;
    }
    case 'no_proof':
      return `no proof to compare with; the checks pass on ${at}`;
    case 'differs':
      if (at === undefined) return 'no: the proof was changed';
      return proved === undefined
        ? `no: ${at} fails, or its proof was changed`
        : `no: ${at} differs from the proof`;
    default:
      return result satisfies never;
  }
}

/** Says why a command of the proof did not run, and which result the proof claims for it. */
export function claimWords({ expected }: Repetition['notRepeated'][number]): string {
  const claim =
    expected === undefined ? 'nothing' : expected === null ? 'no exit status' : `exit status ${expected}`;
  return `not repeated, because the base does not have this command; the proof says ${claim}`;
}

/** A requirement and how it was shown this time. @param quoted escapes text by others */
export function requirementWords(
  { id, text, check, shown }: Repetition['requirements'][number],
  quoted: (text: string) => string,
): string {
  const named = `${quoted(id)} ${quoted(text)}`;
  switch (shown) {
    case 'passed':
    case 'failed':
      return `${named}: ${shown}, by ${quoted(check)}`;
    case 'not_repeated':
      return `${named}: not repeated, by ${quoted(check)}`;
    case 'reviewed':
      return `${named}: reviewed by an agent, which cannot be repeated`;
    default:
      return shown satisfies never;
  }
}
