import { codeSpan } from '../documents/markdown-lines.ts';

/** Agents cannot use the signing key; the command signs the commits again, so their hashes change. */
export function unsignedWords(commits: number, base: string): string {
  const are = commits === 1 ? '1 commit is' : `${commits} commits are`;
  return `${are} unsigned. In the worktree, ${codeSpan(`git rebase --force-rebase --gpg-sign ${base.slice(0, 12)}`)} signs them.`;
}
