import { editMarkdown, isBlank, oneLine, plainValue, titleHeading, withValue } from './markdown-lines.ts';
import { findStatus, parseQa } from './qa.ts';
import { canonicalId, continuesAnswer, type FoundQuestion, findQuestions, isRule } from './qa-blocks.ts';

export interface QuestionDraft {
  text: string;
  options: readonly string[];
  suggestion?: { letters: readonly string[]; reason: string };
}

const WAITING = '_waiting_';

/**
 * Writes answers, with `<br>` for line breaks, and sets `Status:` to answered once every question has one. Ignores
 * unknown ids: check them with `findQuestion` first.
 */
export function writeAnswers(text: string, answers: readonly { id: string; text: string }[]): string {
  const values = new Map(answers.map((answer) => [canonicalId(answer.id), asValue(answer.text)] as const));
  let isKnown = false;
  const answered = editMarkdown(text, (doc, editor) => {
    for (const found of findQuestions(doc)) {
      const value = values.get(found.question.id);
      if (value === undefined) continue;
      isKnown = true;
      const span = found.answerSpan;
      if (!span) {
        editor.insert(endOfQuestion(doc.lines, found), [`**Answer:** ${value}`]);
        continue;
      }
      const isSame = span.end === span.start + 1 && span.line.value === value;
      if (!isSame) editor.replace(span.start, answerLine(span.line.head, value));
      for (let index = span.start + 1; index < span.end; index += 1) editor.remove(index);
      // A note right below a waiting answer must not become part of the answer.
      if (span.end < found.end && value !== WAITING && continuesAnswer(doc, span.end))
        editor.insert(span.end, ['']);
    }
  });
  if (!isKnown) return text;
  const isComplete = parseQa(answered).questions.every(({ answer }) => answer !== undefined);
  return setQaStatus(answered, isComplete ? 'answered' : 'waiting');
}

/** Keeps texts that were typed in place of a recorded answer as a note below it. */
export function noteUnrecorded(text: string, unrecorded: readonly { id: string; text: string }[]): string {
  return withNotes(
    text,
    unrecorded.map((each) => ({ id: each.id, note: `${ALSO_TYPED}: ${asValue(each.text)}` })),
  );
}

/** Says below typed answers why they were not recorded. */
export function noteUnclear(text: string, unclear: readonly { id: string; problem: string }[]): string {
  return withNotes(
    text,
    unclear.map(({ id, problem }) => ({ id, note: `${NOT_RECORDED}: ${problem}` })),
  );
}

export function hasNote(text: string, problem: string): boolean {
  return text.includes(`> ${NOT_RECORDED}: ${problem}`);
}

function withNotes(text: string, noted: readonly { id: string; note: string }[]): string {
  if (noted.length === 0) return text;
  const notes = new Map(noted.map(({ id, note }) => [id, `> ${note}`] as const));
  return editMarkdown(text, (doc, editor) => {
    for (const { question, answerSpan, start, end } of findQuestions(doc)) {
      const note = notes.get(question.id);
      if (note === undefined || answerSpan === undefined) continue;
      if (doc.lines.slice(start, end).some((line) => line.trimEnd() === note)) continue;
      const isLast = answerSpan.end === end || isBlank(doc.lines[answerSpan.end] ?? '');
      editor.insert(answerSpan.end, isLast ? ['', note] : ['', note, '']);
    }
  });
}

const ALSO_TYPED = 'Also typed here, but not recorded';
const NOT_RECORDED = 'Not recorded';

export function setQaStatus(text: string, status: 'waiting' | 'answered'): string {
  return editMarkdown(text, (doc, editor) => {
    const found = findQuestions(doc);
    const statusLine = findStatus(doc, found);
    if (statusLine) {
      const { index, line } = statusLine;
      if (plainValue(line.value).toLowerCase() !== status) editor.replace(index, withValue(line, status));
      return;
    }
    const title = titleHeading(doc)?.index ?? -1;
    const isAbove = title < (found[0]?.start ?? doc.lines.length);
    editor.insert(isAbove ? title + 1 : 0, [`Status: ${status}`]);
  });
}

export function newQa(given: { title: string; questions: readonly QuestionDraft[] }): string {
  const lines = [`# Q&A: ${oneLine(given.title)}`, 'Status: waiting', ...questionLines(given.questions)];
  return `${lines.join('\n')}\n`;
}

/** Appends another round; the existing text is unchanged. */
export function appendRound(text: string, questions: readonly QuestionDraft[]): string {
  if (questions.length === 0) return text;
  const extended = editMarkdown(text, (doc, editor) => {
    const last = findQuestions(doc).at(-1)?.question.round;
    const [blank = '', ...lines] = questionLines(questions);
    const round = last === undefined ? lines : [`## Round ${last + 1}`, blank, ...lines];
    editor.insertBlock(doc.lines.length, round);
  });
  return setQaStatus(extended, 'waiting');
}

function questionLines(questions: readonly QuestionDraft[]): string[] {
  return questions.flatMap(({ text, options, suggestion }, index) => [
    '',
    `### Q${index + 1}: ${oneLine(text)}`,
    ...options.map((option, at) => `${String.fromCharCode(65 + at)}) ${oneLine(option)}`),
    ...(suggestion
      ? [`**Suggestion:** ${suggestion.letters.join(', ')} - ${oneLine(suggestion.reason)}`]
      : []),
    `**Answer:** ${WAITING}`,
  ]);
}

function asValue(text: string): string {
  const lines = text.trim().split(/\r\n?|\n/);
  return lines.map(oneLine).join('<br>') || WAITING;
}

/** Keeps the key as written, unless its emphasis closes after the value. */
function answerLine(head: string, value: string): string {
  const isClosed = (head.match(/\*\*/g)?.length ?? 0) !== 1;
  return isClosed ? `${head} ${value}` : `**Answer:** ${value}`;
}

function endOfQuestion(lines: readonly string[], found: FoundQuestion): number {
  let end = found.end;
  const isLoose = (line: string) => isBlank(line) || isRule(line);
  while (end > found.start + 1 && isLoose(lines[end - 1] ?? '')) end -= 1;
  return end;
}
