import type * as z from 'zod';
import type { Acted } from '../../caller/facts/acted.ts';
import { inTheWay, type Preview } from '../../caller/facts/preview.ts';
import { forPrograms, type SessionFacts, sessionFacts } from '../../caller/facts/session-facts.ts';
import type { NextStep } from '../../kernel/acts.ts';
import { beginning, camelCase, cut, ending } from '../../kernel/text.ts';
import type { Says } from '../../session/words/facts.ts';
import { SESSION_FIELDS } from './fields.ts';
import { pageOf } from './text-page.ts';
import type { ToolResult } from './tool.ts';

/** The facts for which there are fields. */
export function pick<Fields extends z.ZodRawShape>(
  facts: SessionFacts,
  fields: Fields,
): { [Name in keyof Fields]?: z.output<Fields[Name]> } {
  const given: Record<string, unknown> = { ...forPrograms(facts), says: cutTexts(facts.says) };
  const picked = Object.keys(fields).map((name) => [name, given[camelCase(name)]]);
  // The schema of the results is checked wherever a test calls a tool.
  return Object.fromEntries(picked);
}

export function fieldsOf(facts: SessionFacts, fields: z.ZodRawShape = SESSION_FIELDS): ToolResult {
  const { summary, next } = facts;
  return { summary, next, ...pick(facts, fields) };
}

const MAX_QUOTE = 300;

function cutTexts(texts: Says = {}): Record<string, string> | undefined {
  const shown = Object.entries(texts).map(([key, text]) => [
    key,
    key === 'reason' ? reasonCut(text) : cut(text, MAX_QUOTE),
  ]);
  return shown.length > 0 ? Object.fromEntries(shown) : undefined;
}

/** A reason ends with the repair. */
function reasonCut(text: string): string {
  if (text.length <= MAX_QUOTE) return text;
  return `${beginning(text, MAX_QUOTE / 3)} … ${ending(text, (MAX_QUOTE / 3) * 2 - 3)}`;
}

export function doneFields({ view, done }: Acted): ToolResult {
  return { ...fieldsOf(sessionFacts(view)), summary: done };
}

/** Cuts a text to the length that one result can show. */
function shownOf(text: string): string {
  const page = pageOf(text, 0);
  return page.more_from === undefined ? page.text : `${page.text}…`;
}

/**
 * The result of a preview, for tools that act only with `confirm`.
 * @param confirm the step that carries out the act
 */
export function previewFields({ view, would, text, refusal }: Preview, confirm: NextStep): ToolResult {
  const isFree = refusal === undefined;
  return {
    summary: isFree ? 'Nothing has been done yet.' : 'Nothing has been done, and it would be refused.',
    next: isFree
      ? [{ ...confirm, when: 'once the user has seen what it would do and agrees' }]
      : [{ act: 'clear_the_way' }, ...(refusal.next ?? [])],
    session: view.folder,
    would: isFree ? would : undefined,
    text: text && shownOf(text),
    in_the_way: inTheWay({ refusal }),
  };
}
