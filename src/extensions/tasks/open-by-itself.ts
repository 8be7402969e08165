import { type Form, type FormChoice, type FormField, OWN_WORDS } from '../../core/caller/facts/form.ts';

/** Chosen to answer in one's own words, in the form that opens next. */
export const WRITES = 'write';

/** A person may be typing something else when it opens: letters select what begins with them, and Enter a default. */
const SIGN = '◦';

const IN_CHAT: FormChoice = { value: OWN_WORDS, title: 'Show it to me in the chat' };
const WRITE: FormChoice = { value: WRITES, title: 'Write an answer' };

/**
 * The form as it may open without a call: nothing is filled in, no text field takes what is typed, the choices begin with a
 * sign, and no field can stay empty, so that Enter alone sends nothing. Its message says what it is about.
 */
export function openByItself({ message, fields }: Form): Form {
  const closed = Object.entries(fields).map(([name, field]) => [name, chosenField(field)] as const);
  return { message, fields: Object.fromEntries(closed), required: Object.keys(fields) };
}

function chosenField({ title, choices, words }: FormField): FormField {
  const offered = choices?.filter(({ isForTerminal }) => !isForTerminal);
  // A note begins with a choice, so it needs the chat, too.
  const further = words === 'note' ? [IN_CHAT] : words || !offered ? [WRITE, IN_CHAT] : [];
  const all = [...(offered ?? []), ...further];
  return { title, choices: all.map(signed) };
}

function signed({ value, title }: FormChoice): FormChoice {
  return { value, title: `${SIGN} ${title}` };
}

/** The message in one line: of several, Claude Code shows one row each, and of a long one four. */
export function paragraph(message: string): string {
  return message
    .split('\n')
    .filter((line) => line.trim() !== '')
    .join(' · ');
}
