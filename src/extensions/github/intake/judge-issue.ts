import type { Author } from '../forge/github-answers.ts';
import type { Issue } from '../forge/issue-answers.ts';

export type IssueVerdict =
  /** The issue has been closed, or has lost the label. */
  | { kind: 'gone' }
  /** A person must review the issue. `why` completes a sentence that begins with its number. */
  | { kind: 'held'; why: string }
  | { kind: 'take'; labelledAt: string };

const AGAIN = 'Read it, then remove the label and add it again.';

/** Decides whether a labelled issue may start a session: whoever added the label has read its text of that time. */
export function judgeIssue(issue: Issue, label: string, mayWrite: ReadonlySet<string>): IssueVerdict {
  if (!issue.isOpen || !hasLabel(issue, label)) return { kind: 'gone' };
  const labelling = issue.labelled.findLast((each) => isSame(each.label, label));
  if (labelling === undefined) return { kind: 'held', why: `does not show who added the label. ${AGAIN}` };
  if (!mayWrite.has(labelling.by))
    return { kind: 'held', why: `got its label from ${labelling.by}, who has no write access. ${AGAIN}` };
  // Times have no fractions of a second: an edit in the same second might have come later.
  const isLater = (at: string) =>
    Math.floor(Date.parse(at) / 1000) >= Math.floor(Date.parse(labelling.at) / 1000);
  const edit = issue.edits.find(({ by, at }) => isLater(at) && !mayWrite.has(by));
  // Comments of such people need no look: no agent reads them.
  if (edit === undefined) return { kind: 'take', labelledAt: labelling.at };
  const why = `had its ${edit.what} changed by ${edit.by}, who has no write access, after it was labelled. ${AGAIN}`;
  return { kind: 'held', why };
}

/** Everyone whose write access `judgeIssue` depends on. */
export function peopleOf({ labelled, edits }: Issue): Author[] {
  // Only the login is known here. A bot counts as a person, but has no write access.
  return [...labelled, ...edits].map(({ by }) => ({ login: by, isPerson: true }));
}

export function hasLabel({ labels }: Pick<Issue, 'labels'>, label: string): boolean {
  return labels.some((each) => isSame(each, label));
}

function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
