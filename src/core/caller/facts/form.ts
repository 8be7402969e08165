/** A question to a person, as a value: a chat shows it as a form, a terminal in menus or lines, a page as buttons. */
export interface Form {
  /** Text written by an agent is marked as such. */
  message: string;
  fields: Readonly<Record<string, FormField>>;
  /** Names of the fields that can't be left empty. */
  required?: readonly string[];
}

export interface FormField {
  title: string;
  description?: string;
  /** Absent if any text is allowed. */
  choices?: readonly FormChoice[];
  default?: string;
  /** Besides the choices, a text of the person's own; `note`: one that begins with a choice. */
  words?: 'any' | 'note';
}

export interface FormChoice {
  value: string;
  title: string;
  /** What a button with this choice says; absent: it has none. */
  button?: string;
  /** It needs what only a terminal has. */
  isForTerminal?: true;
  /** What is asked next if it is chosen: alone, because Codex does not submit a form with an empty text field. */
  more?: Form;
}

export type Filled = Readonly<Record<string, string>>;

/** The value of the choice to answer in words of one's own. */
export const OWN_WORDS = 'own words';

/** A question, and what each way to fill in its form decides. */
export interface OpenQuestion<Decision> {
  form: Form;
  decide(filled: Filled): Decision;
}

export function formAfter({ fields }: Form, filled: Filled): Form | undefined {
  const chosen = Object.entries(fields).flatMap(([name, { choices = [] }]) =>
    choices.filter(({ value }) => value === filled[name]),
  );
  return chosen.find(({ more }) => more !== undefined)?.more;
}
