/**
 * A question to a person, as a value: a chat shows it as a form, a terminal in menus or lines, a page as buttons. No field can
 * stay empty.
 */
export interface Form {
  /** Text written by an agent is marked as such. */
  message: string;
  fields: Readonly<Record<string, FormField>>;
}

export interface FormField {
  title: string;
  description?: string;
  choices?: readonly FormChoice[];
  /** Where the menu of a terminal begins; a chat fills in nothing. */
  default?: string;
  /** Besides the choices, a text of the person's own; `note`: one that begins with a choice. */
  words?: 'any' | 'note';
}

export interface FormChoice {
  value: string;
  title: string;
  /** What a button with this choice says; absent: it has none. */
  button?: string;
  /** Nothing is recorded if it is chosen. The first choice is of this kind, because some clients send it at Enter. */
  decidesNothing?: true;
  /** It needs what only a terminal has. */
  isForTerminal?: true;
  /** What is asked next if it is chosen: alone, because Codex does not submit a form with an empty text field. */
  more?: Form;
}

export type Filled = Readonly<Record<string, string>>;

/** The values of the choices to answer in words of one's own: in the chat, or in the form that opens next. */
export const OWN_WORDS = 'own words';
export const WRITES = 'write';

/** A question, and what each way to fill in its form decides. */
export interface OpenQuestion<Decision> {
  form: Form;
  decide(filled: Filled): Decision;
}

export function chosenIn({ fields }: Form, filled: Filled): FormChoice[] {
  return Object.entries(fields).flatMap(([name, { choices = [] }]) =>
    choices.filter(({ value }) => value === filled[name]),
  );
}
