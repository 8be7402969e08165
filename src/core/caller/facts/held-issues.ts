import * as z from 'zod';
import { writeWhole } from '../../kernel/files/atomic-file.ts';
import { plainJson } from '../../kernel/files/plain-file.ts';

/** A labelled issue for which the supervisor starts no session. */
const HeldIssue = z.object({
  /** The `.samocode` of its project. */
  filePath: z.string(),
  /** A sentence for people. It can contain account names, which other people chose. */
  text: z.string(),
});
export type HeldIssue = z.infer<typeof HeldIssue>;

const HeldIssues = z.object({ v: z.literal(1), issues: z.array(HeldIssue) });
export async function writeHeldIssues(path: string, issues: readonly HeldIssue[]): Promise<void> {
  await writeWhole(path, `${JSON.stringify({ v: 1, issues })}\n`, { mode: 0o600 });
}

/** The sentences about the held issues of these projects, as of the supervisor's last poll. */
export async function readHeldIssues(path: string, filePaths: readonly string[]): Promise<string[]> {
  const { issues } = (await plainJson(path, HeldIssues)) ?? { issues: [] };
  return issues.flatMap(({ filePath, text }) => (filePaths.includes(filePath) ? [text] : []));
}
