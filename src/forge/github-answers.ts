import * as z from 'zod';
import { shownText } from '../base/text.ts';
import type { Author, Comment } from './forge.ts';

const MOST_CHARS = 65_536;

/** A text of others: cut, and with what a reader cannot see as escapes. */
export const OthersText = z
  .string()
  .transform((text) => shownText(text.length > MOST_CHARS ? `${text.slice(0, MOST_CHARS)}… (cut)` : text));

export const Time = z.iso.datetime({ offset: true });

/** GitHub says null for what is not there. */
export const maybe = <T extends z.ZodType>(schema: T) =>
  schema.nullish().transform((value) => value ?? undefined);

export const nodes = <T extends z.ZodType>(schema: T) =>
  z
    .object({ nodes: z.array(schema.nullable()).nullish() })
    .transform((list) => (list.nodes ?? []).filter((node) => node !== null));

export const Budget = z.object({ cost: z.int(), remaining: z.int(), resetAt: Time });

const KINDS: Readonly<Record<string, Author['kind']>> = { User: 'person', Bot: 'bot' };

export const Actor = z
  .object({ __typename: z.string(), login: OthersText })
  .nullish()
  .transform((actor): Author => {
    const { __typename: type = '', login = 'ghost' } = actor ?? {};
    // GraphQL leaves out the ending that tells a bot from an account of the same name.
    const isBare = type === 'Bot' && !login.endsWith('[bot]');
    return { login: isBare ? `${login}[bot]` : login, kind: KINDS[type] ?? 'other' };
  });
export const ACTOR = '{ __typename login }';

export const CommentShape = z.object({
  ...{ id: z.string(), author: Actor, body: z.string(), url: OthersText },
  ...{ createdAt: Time, lastEditedAt: maybe(Time) },
});
export const COMMENT = `id author ${ACTOR} body createdAt lastEditedAt url`;

export function commentOf({ lastEditedAt, body, ...same }: z.infer<typeof CommentShape>): Comment {
  return { ...same, body: OthersText.parse(body), editedAt: lastEditedAt, isSamocodes: isSamocodes(body) };
}

export const CommentNode = CommentShape.transform(commentOf);

/** What samocode writes in a person's name ends with this line. */
export function markerLine(marker: string): string {
  return `<!-- samocode ${marker} -->`;
}

function isSamocodes(body: string): boolean {
  return /<!-- samocode [^<>]+ -->$/.test(body.trimEnd().slice(-300));
}
