import { cut } from '../../../core/kernel/text.ts';
import { shownTitle } from '../notice/notification.ts';
import type { NotifyChannel } from './channel.ts';
import { postTo } from './webhook.ts';

export interface GoogleChatOptions {
  url: string;
}

/** Google Chat refuses more than 32,000 bytes, and this many characters are fewer. */
const MAX_CHARACTERS = 8000;

/** Posts each notification as a message to an incoming webhook of a space. */
export function googleChatChannel({ url }: GoogleChatOptions): NotifyChannel {
  return {
    name: 'google-chat',
    async send(notification, signal) {
      const text = cut(`${shownTitle(notification)}\n${notification.body}`.trim(), MAX_CHARACTERS);
      // `<users/all>` would mention everyone.
      const body = JSON.stringify({ text: text.replaceAll('<', '‹') });
      await postTo('google-chat', { url: new URL(url), body }, signal);
    },
  };
}
