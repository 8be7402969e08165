import { cut, escapedMarkup } from '../../../core/kernel/text.ts';
import { type Notification, shownTitle } from '../notice/notification.ts';
import type { NotifySettings } from './notify-settings.ts';
import { payloadOf } from './payload.ts';

export type WebhookFormat = NonNullable<NotifySettings['notifyWebhookFormat']>;

export interface Post {
  url: URL;
  body: string;
}

/** ntfy turns a longer message into an attachment. */
const MAX_NTFY_BYTES = 4096;
const MAX_DISCORD_CHARACTERS = 2000;
/** No link previews: the service would fetch URLs that an agent wrote. */
const SUPPRESS_EMBEDS = 4;

/**
 * Returns the URL and body of a post in the service's documented format. Agents' text cannot mention anyone.
 * @returns undefined if the URL names no ntfy topic
 */
export function postOf(format: WebhookFormat, url: URL, notification: Notification) {
  const to = (body: object): Post => ({ url, body: JSON.stringify(body) });
  const { body, kind, needsPerson } = notification;
  const title = shownTitle(notification);
  switch (format) {
    case 'json':
      return { url, body: payloadOf(notification) };
    case 'ntfy': {
      const [, root = '', topic] = /^(.*\/)([^/]+)\/?$/.exec(url.pathname) ?? [];
      if (topic === undefined) return undefined;
      // Posted as JSON to the root of the server, because a header cannot hold every title.
      // ntfy replaces an empty message with "triggered".
      const text = body === '' ? { message: title } : { title, message: cutToBytes(body) };
      const message = { topic, ...text, priority: needsPerson ? 4 : 3, tags: [kind] };
      return { url: Object.assign(new URL(url), { pathname: root }), body: JSON.stringify(message) };
    }
    case 'slack': {
      const text = [`*${escapedMarkup(title)}*`, escapedMarkup(body)].join('\n').trim();
      return to({ text, unfurl_links: false, unfurl_media: false });
    }
    case 'discord': {
      const content = cut(`**${title}**\n${body}`.trim(), MAX_DISCORD_CHARACTERS);
      return to({ content, allowed_mentions: { parse: [] }, flags: SUPPRESS_EMBEDS });
    }
    default:
      return format satisfies never;
  }
}

function cutToBytes(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= MAX_NTFY_BYTES) return text;
  const kept = bytes.subarray(0, MAX_NTFY_BYTES - Buffer.byteLength('…'));
  return `${new TextDecoder().decode(kept, { stream: true })}…`;
}
