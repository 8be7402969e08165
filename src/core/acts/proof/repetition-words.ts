import type { Repetition } from './repeat-proof.ts';

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
      return `partly: ${at} matches the proof; ${[...(partly === undefined ? [] : [shown(partly)]), ...open].join('; ')}`;
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
