import * as z from 'zod';
import { shownText } from '../../../core/kernel/text.ts';

const MAX_CHARS = 65_536;

/** A text from GitHub, which is data, whoever wrote it: truncated, with invisible characters as escapes. */
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

/** A person, a bot, whose login ends in `[bot]`, or `ghost` if the account was deleted. */
export const Actor = z
  .object({ __typename: z.string(), login: ForgeText })
  .nullish()
  .transform((actor) => {
    const { __typename: type, login } = actor ?? { __typename: '', login: 'ghost' };
    // GraphQL omits the suffix that distinguishes a bot from a user of the same name.
    const isBare = type === 'Bot' && !login.endsWith('[bot]');
    return { login: isBare ? `${login}[bot]` : login, isPerson: type === 'User' };
  });
export type Author = z.infer<typeof Actor>;
export const ACTOR = '{ __typename login }';

export const CommentNode = z.object({
  id: z.string(),
  author: Actor,
  body: ForgeText,
  url: ForgeText,
  createdAt: Time,
  editedAt: maybe(Time),
});
export type Comment = z.infer<typeof CommentNode>;
export const COMMENT = `id author ${ACTOR} body createdAt editedAt: lastEditedAt url`;

/** The last line of everything that samocode posts in a person's name. */
export function markerLine(marker: string): string {
  return `<!-- samocode ${marker} -->`;
}

/** Whether samocode wrote it, with any login; such a comment never counts as a person's. */
export function isBySamocode({ body }: Pick<Comment, 'body'>): boolean {
  return /<!-- samocode [^<>]+ -->$/.test(body.trimEnd().slice(-300));
}
