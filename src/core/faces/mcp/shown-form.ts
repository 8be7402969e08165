import * as z from 'zod';
import { type Form, type FormChoice, type FormField, OWN_WORDS, WRITES } from '../../caller/facts/form.ts';
import type { FormOutcome } from './form.ts';

/** A person may be typing something else when a form opens: letters select what begins with them. */
const SIGN = '◦';

const IN_CHAT: FormChoice = {
  value: OWN_WORDS,
  title: 'Not here: show it to me in the chat',
  decidesNothing: true,
};

export const FormAnswered = z.object({
  action: z.enum(['accept', 'decline', 'cancel']),
  content: z.record(z.string(), z.unknown()).nullish(),
});

/**
 * A form as every client shows it, for a call or a task: where a text is wanted, it offers to write one in a form that opens
 * next, since a text field takes what is typed for something else.
 */
export function shownForm({ message, fields }: Form): Form {
  const shown = Object.entries(fields).map(([name, field]) => [name, shownField(name, field)] as const);
  return { message, fields: Object.fromEntries(shown) };
}

function shownField(name: string, { title, description, choices = [], words }: FormField): FormField {
  const asked = { title, ...(description !== undefined && { description }) };
  const more: Form = { message: description ?? title, fields: { [name]: { title: 'Your answer' } } };
  const offered = [
    ...(words ? [IN_CHAT] : []),
    ...choices.filter(({ isForTerminal }) => !isForTerminal),
    // A note begins with a choice, so it needs the chat.
    ...(words === 'any' ? [{ value: WRITES, title: 'Write an answer', more }] : []),
  ];
  return offered.length > 0 ? { ...asked, choices: offered } : asked;
}

/**
 * Nothing is filled in, and no field can stay empty, so that Enter alone sends nothing. Choices use `enumNames` of protocol
 * version 2025-06-18, which newer clients accept too.
 */
export function formParams({ message, fields }: Form) {
  const properties = Object.entries(fields).map(([name, { title, description, choices }]) => {
    const titles = choices?.map((each) => `${SIGN} ${each.title}`);
    const values = choices?.map(({ value }) => value);
    const text = { type: 'string' as const, title, description };
    return [name, choices ? { ...text, enum: values, enumNames: titles } : text] as const;
  });
  const schema = { type: 'object' as const, properties: Object.fromEntries(properties) };
  return { message, requestedSchema: { ...schema, required: Object.keys(fields) } };
}

/** Keeps only the requested fields, and only strings: a client may send anything. */
export function filledIn({ content }: z.output<typeof FormAnswered>, { fields }: Form): FormOutcome {
  const given = Object.entries(fields).flatMap(([name, { choices }]) => {
    const value = content?.[name];
    const text = typeof value === 'string' ? value.trim() : '';
    const chosen = choices === undefined ? text : choices.find((each) => each.value === text)?.value;
    return chosen ? [[name, chosen] as const] : [];
  });
  const isWhole = given.length === Object.keys(fields).length;
  return isWhole ? { kind: 'filled', filled: Object.fromEntries(given) } : { kind: 'unanswered' };
}
