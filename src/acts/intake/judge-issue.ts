import type { Author, Issue } from '../../forge/forge.ts';

export type IssueVerdict =
  /** Closed, or without the label by now. */
  | { kind: 'gone' }
  /** A person has to look at it. `why` follows its number. */
  | { kind: 'held'; why: string }
  | { kind: 'take'; labelledAt: string };

const AGAIN = 'Read it, then take the label off and put it on again.';

/** Whether an issue with the label may start a session. Whoever put the label on has read it as it was then. Pure. */
export function judgeIssue(issue: Issue, label: string, mayWrite: ReadonlySet<string>): IssueVerdict {
  if (!issue.isOpen || !hasLabel(issue, label)) return { kind: 'gone' };
  const put = issue.labelled.findLast((each) => isSame(each.label, label));
  if (put === undefined) return { kind: 'held', why: `does not show who put the label on. ${AGAIN}` };
  if (!mayWrite.has(put.by))
    return { kind: 'held', why: `got its label from ${put.by}, who has no write access. ${AGAIN}` };
  // Times have no fractions: what happened in the same second may have come later.
  const isLater = (at: string | undefined) =>
    at !== undefined && Math.floor(Date.parse(at) / 1000) >= Math.floor(Date.parse(put.at) / 1000);
  const edit = issue.edits.find(({ by, at }) => isLater(at) && !mayWrite.has(by));
  if (edit !== undefined)
    return {
      kind: 'held',
      why: `had its ${edit.what} changed after the label by ${edit.by}, who has no write access. ${AGAIN}`,
    };
  const comment = issue.comments.find(
    ({ author, createdAt, editedAt, isSamocodes }) =>
      !isSamocodes && isLater(editedAt ?? createdAt) && !mayWrite.has(author.login),
  );
  if (comment === undefined) return { kind: 'take', labelledAt: put.at };
  const { login } = comment.author;
  return { kind: 'held', why: `has a newer comment by ${login}, who has no write access. ${AGAIN}` };
}

/** Everybody whose rights `judgeIssue` asks about. */
export function peopleOf({ labelled, edits, comments }: Issue): Author[] {
  // A bot with that name has no permission of a person.
  const named = [...labelled, ...edits].map(({ by }) => ({ login: by, kind: 'person' as const }));
  return [...named, ...comments.map(({ author }) => author)];
}

export function hasLabel({ labels }: Pick<Issue, 'labels'>, label: string): boolean {
  return labels.some((each) => isSame(each, label));
}

function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
