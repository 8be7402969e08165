import * as z from 'zod';
import { shownText } from '../../../core/kernel/text.ts';
import type { Author, Comment } from './forge.ts';

const MAX_CHARS = 65_536;

/** A text from the forge: truncated, with invisible characters as escapes. */
export const ForgeText = z
  .string()
  .transform((text) => shownText(text.length > MAX_CHARS ? `${text.slice(0, MAX_CHARS)}… (cut)` : text));

export const Time = z.iso.datetime({ offset: true });

/** GitHub sends null for absent values. */
export const maybe = <T extends z.ZodType>(schema: T) =>
  schema.nullish().transform((value) => value ?? undefined);

export const nodes = <T extends z.ZodType>(schema: T) =>
  z
    .object({ nodes: z.array(schema.nullable()).nullish() })
    .transform((list) => (list.nodes ?? []).filter((node) => node !== null));

export const Budget = z.object({ cost: z.int(), remaining: z.int(), resetAt: Time });

const KINDS: Readonly<Record<string, Author['kind']>> = { User: 'person', Bot: 'bot' };

export const Actor = z
  .object({ __typename: z.string(), login: ForgeText })
  .nullish()
  .transform((actor): Author => {
    const { __typename: type = '', login = 'ghost' } = actor ?? {};
    // GraphQL omits the suffix that distinguishes a bot from a user of the same name.
    const isBare = type === 'Bot' && !login.endsWith('[bot]');
    return { login: isBare ? `${login}[bot]` : login, kind: KINDS[type] ?? 'other' };
  });
export const ACTOR = '{ __typename login }';

export const CommentShape = z.object({
  id: z.string(),
  author: Actor,
  body: z.string(),
  url: ForgeText,
  createdAt: Time,
  lastEditedAt: maybe(Time),
});
export const COMMENT = `id author ${ACTOR} body createdAt lastEditedAt url`;

export function commentOf({ lastEditedAt, body, ...same }: z.infer<typeof CommentShape>): Comment {
  return { ...same, body: ForgeText.parse(body), editedAt: lastEditedAt, isBySamocode: isBySamocode(body) };
}

export const CommentNode = CommentShape.transform(commentOf);

/** The last line of everything that samocode posts in a person's name. */
export function markerLine(marker: string): string {
  return `<!-- samocode ${marker} -->`;
}

function isBySamocode(body: string): boolean {
  return /<!-- samocode [^<>]+ -->$/.test(body.trimEnd().slice(-300));
}
