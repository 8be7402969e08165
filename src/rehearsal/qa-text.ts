export interface Question {
  text: string;
  /** Without letters; the first is A. */
  options: readonly string[];
  /** Index into options. */
  suggested: number;
  why: string;
  /** What changes with the answer. */
  matters: string;
}

/** A question that was answered, with everything that the file says about it. */
export interface AnsweredQuestion {
  text: string;
  options: readonly string[];
  /** As it was written; undefined while it waits. */
  answer: string | undefined;
}

const LETTERS = 'ABCDE';
const WAITING = '_waiting_';

export function renderQa(title: string, questions: readonly Question[]): string {
  const parts = questions.map((question, index) => {
    const options = question.options.map((option, nth) => `${LETTERS[nth]}) ${option}`);
    return [
      `### Q${index + 1}: ${question.text}`,
      '',
      question.matters,
      '',
      ...options,
      '',
      `**Suggestion:** ${LETTERS[question.suggested]} - ${question.why}`,
      '',
      `**Answer:** ${WAITING}`,
      '',
    ].join('\n');
  });
  return `# Q&A: ${title}\n\nStatus: waiting\n\n${parts.join('\n')}`;
}

/** Every question of the file in order; a text without any gives none. */
export function readQa(text: string): AnsweredQuestion[] {
  return text
    .split(/^###[ \t]+(?=Q\d+:)/m)
    .slice(1)
    .map((part) => {
      const answer = /^\*\*Answer:\*\*[ \t]*([\s\S]*?)(?=\r?\n\s*\r?\n|\r?\n\*\*|\r?\n#|$(?![\s\S]))/m
        .exec(part)?.[1]
        ?.trim();
      return {
        text: /^Q\d+:[ \t]*(.*?)[ \t]*\r?$/m.exec(part)?.[1] ?? '',
        options: [...part.matchAll(/^[A-E]\)[ \t]*(.*?)[ \t]*\r?$/gm)].map((match) => match[1] ?? ''),
        answer: answer && answer !== WAITING ? answer : undefined,
      };
    });
}

/** `text` with every waiting answer filled in with the suggestion's letter, as a person might do by hand. */
export function answerAll(text: string): string {
  const filled = text
    .split(/^(?=###[ \t]+Q\d+:)/m)
    .map((part) => {
      const letter = /^\*\*Suggestion:\*\*[ \t]*([A-E])/m.exec(part)?.[1] ?? 'A';
      return part.replace(`**Answer:** ${WAITING}`, `**Answer:** ${letter}`);
    })
    .join('');
  return filled.replace(/^Status: waiting/m, 'Status: answered');
}

/** What was chosen: an option's index, or the free text that names none. */
export function choiceOf(question: AnsweredQuestion): { index: number } | { text: string } {
  const answer = question.answer ?? '';
  // "B", "B) undo" and "B, C" are letters; "a word of my own" is not.
  const letter = /^([A-Ea-e])(?=[).:,]|\s*$|\s+[-–(])/.exec(answer)?.[1]?.toUpperCase();
  const index = letter
    ? LETTERS.indexOf(letter)
    : question.options.findIndex((option) => sameWords(option, answer));
  return index >= 0 && index < question.options.length ? { index } : { text: answer };
}

/** The chosen option in words, for documents. */
export function answerInWords(question: AnsweredQuestion): string {
  const choice = choiceOf(question);
  return 'index' in choice ? (question.options[choice.index] ?? '') : choice.text;
}

function sameWords(left: string, right: string): boolean {
  const plain = (text: string) =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, ' ')
      .trim();
  return plain(left) === plain(right);
}
