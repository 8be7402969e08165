import { parseKeyLine, plainValue } from './key-line.ts';
import { type MarkdownLines, parseMarkdown, preamble, titleHeading } from './markdown-lines.ts';
import { type FoundQuestion, findQuestions } from './qa-blocks.ts';
import type { QaQuestion } from './qa-question.ts';

/** Something in the file that is not as it should be; the reading goes on without it. */
interface QaProblem {
  /** Stable snake_case name that programs may branch on. */
  name: string;
  /** One sentence for people. */
  text: string;
}

export interface QaReading {
  title: string | undefined;
  status: 'waiting' | 'answered' | undefined;
  questions: QaQuestion[];
  problems: QaProblem[];
}

/** Reads `_qa.md`, older shapes of it too; never throws. */
export function parseQa(text: string): QaReading {
  const doc = parseMarkdown(text);
  const found = findQuestions(doc);
  const status = findStatus(doc, found)?.value.toLowerCase();
  const problems: QaProblem[] = [];
  if (found.length === 0) problems.push({ name: 'no_questions', text: 'There is no question in it.' });
  for (const { question, answerLines, isTicked } of found) {
    if (answerLines === 0)
      problems.push({ name: 'no_answer_line', text: `${question.id} has no answer line.` });
    if (answerLines > 1)
      problems.push({ name: 'many_answer_lines', text: `${question.id} has more than one answer line.` });
    if (isTicked)
      problems.push({ name: 'ticked_boxes', text: `${question.id} is answered by ticked boxes.` });
  }
  return {
    title: titleHeading(doc)?.text.replace(/^Q\s?&\s?A\s*:?\s*/i, ''),
    status: status === 'waiting' || status === 'answered' ? status : undefined,
    questions: found.map(({ question }) => question),
    problems,
  };
}

/** The file's own `Status:` line; one inside a question is none. */
export function findStatus(
  doc: MarkdownLines,
  found: readonly FoundQuestion[],
): { index: number; value: string } | undefined {
  const end = Math.max(preamble(doc).end, 0);
  const firstQuestion = found[0]?.start ?? end;
  for (let index = 0; index < Math.min(end, firstQuestion); index += 1) {
    const line = doc.isFenced(index) ? undefined : parseKeyLine(doc.lines[index] ?? '');
    if (line?.key === 'status') return { index, value: plainValue(line.value) };
  }
  return undefined;
}
