import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { bytesOf, type StubServer, sendJson, served } from './model-stub/server.ts';

/** One message as the chat shows it. */
export interface ChatMessage {
  message_id: number;
  chat: { id: number; type: string };
  /** Text of the message, or the caption of its document, without markup. */
  text: string;
  html: boolean;
  document?: { name: string; text: string };
  buttons: { text: string; callback_data: string }[][];
  replyTo?: string;
  edits: number;
}

export interface BotCall {
  method: string;
  body: Record<string, unknown>;
}

interface Refusal {
  error_code: number;
  description: string;
  parameters?: Record<string, unknown>;
}

export interface Person {
  id: number;
  username?: string;
}

type Answer = { ok: true; result: unknown; error_code?: undefined } | ({ ok: false } & Refusal);

const OK = (result: unknown): Answer => ({ ok: true, result });
const refused = (error_code: number, description: string): Answer => ({ ok: false, error_code, description });

const WEBHOOK_ACTIVE =
  "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";
const OTHER_POLLER =
  'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running';

export const REFUSALS = {
  blocked: { error_code: 403, description: 'Forbidden: bot was blocked by the user' },
  slowDown: (seconds: number): Refusal => ({
    error_code: 429,
    description: `Too Many Requests: retry after ${seconds}`,
    parameters: { retry_after: seconds },
  }),
  badGateway: { error_code: 502, description: 'Bad Gateway' },
};

export const TOKEN = '123456789:AAStub-Token_that_looks_like_a_real_one0';
export const ME: Person = { id: 4711, username: 'ada' };

/** A Bot API server on 127.0.0.1 for one bot and its chats, with the responses of the real API. */
export class TelegramStub implements AsyncDisposable {
  readonly calls: BotCall[] = [];
  readonly messages: ChatMessage[] = [];
  /** The texts of the answers to button presses. */
  readonly answers: string[] = [];
  webhook = '';
  token = TOKEN;
  readonly #chats = new Map<number, string>([[ME.id, 'private']]);
  readonly #refusals = new Map<string, (Refusal | undefined)[]>();
  readonly #queries = new Set<string>();
  readonly #pushed: { update_id: number }[] = [];
  #updates: { update_id: number; [kind: string]: unknown }[] = [];
  #poll: ((answer: Answer) => void) | undefined;
  #nextUpdate = 900_001;
  #nextMessage = 1;
  #server: StubServer | undefined;

  static async start(): Promise<TelegramStub> {
    const stub = new TelegramStub();
    stub.#server = await served(createServer((request, response) => void stub.#serve(request, response)));
    return stub;
  }

  get url(): string {
    return this.#server?.url ?? '';
  }

  /** Lines for the `.env` of the config folder. */
  get env(): string {
    return `TELEGRAM_BOT_TOKEN=${this.token}\nTELEGRAM_CHAT_ID=${ME.id}\nTELEGRAM_API_ROOT=${this.url}\n`;
  }

  addChat(id: number, type: string): void {
    this.#chats.set(id, type);
  }

  /** Refuses the next calls of a method, one for each refusal. */
  refuse(method: string, ...refusals: Refusal[]): void {
    this.#refusals.set(method, [...(this.#refusals.get(method) ?? []), ...refusals]);
  }

  /** Refuses one call of a method, after the next `count`. */
  failAfter(method: string, count: number, refusal: Refusal): void {
    this.#refusals.set(method, [...Array.from({ length: count }, () => undefined), refusal]);
  }

  /** Simulates a message from a person. @returns the number of the update */
  say(text: string, { from = ME, chat = from.id, replyTo, date }: MessageOptions = {}): number {
    const message = {
      message_id: this.#nextMessage++,
      date: date ?? Math.floor(Date.now() / 1000),
      chat: this.#chatOf(chat),
      from: { is_bot: false, first_name: 'A person', ...from },
      text,
      ...(replyTo && { reply_to_message: this.#shown(replyTo) }),
    };
    return this.push({ message });
  }

  /** Simulates a press of the button whose text contains `words`. */
  press(message: ChatMessage, words: string, { from = ME, late = false } = {}): number {
    const button = message.buttons.flat().find(({ text }) => text.includes(words));
    if (button === undefined) throw new Error(`No button "${words}" below "${message.text}"`);
    return this.pressData(message, button.callback_data, { from, late });
  }

  pressData(message: ChatMessage, data: string, { from = ME, late = false } = {}): number {
    const id = String(Math.random()).slice(2);
    if (!late) this.#queries.add(id);
    const query = { id, from: { is_bot: false, first_name: 'A person', ...from }, chat_instance: '1', data };
    return this.push({ callback_query: { ...query, message: this.#shown(message) } });
  }

  push(update: Record<string, unknown>): number {
    const update_id = this.#nextUpdate++;
    this.#updates.push({ update_id, ...update });
    this.#pushed.push({ update_id, ...update });
    this.#answerPoll(OK(this.#updates));
    return update_id;
  }

  /** Delivers an update again, as after a lost offset. */
  pushAgain(update_id: number): void {
    const update = this.#pushed.find((each) => each.update_id === update_id);
    if (update) this.#answerPoll(OK([update]));
  }

  /** The newest message that contains `words`. */
  message(words: string): ChatMessage | undefined {
    return this.messages.findLast(({ text }) => text.includes(words));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, token, method = ''] = /^\/bot([^/]+)\/(\w+)$/.exec(request.url ?? '') ?? [];
    const body = await bodyOf(request);
    const what = await this.#answerTo({ token, method, body }, response);
    sendJson(response, what.ok ? 200 : what.error_code, what);
  }

  async #answerTo(
    { token, method, body }: BotCall & { token: string | undefined },
    response: ServerResponse,
  ): Promise<Answer> {
    if (token === undefined || !/^\d+:[\w-]{20,}$/.test(token)) return refused(404, 'Not Found');
    if (token !== this.token) return refused(401, 'Unauthorized');
    this.calls.push({ method, body });
    const refusal = this.#refusals.get(method)?.shift();
    if (refusal) return { ok: false, ...refusal };
    return method === 'getUpdates' ? await this.#getUpdates(body, response) : this.#call(method, body);
  }

  async #getUpdates(body: BotCall['body'], response: ServerResponse): Promise<Answer> {
    if (this.webhook !== '') return refused(409, WEBHOOK_ACTIVE);
    this.#answerPoll(refused(409, OTHER_POLLER));
    const offset = Number(body.offset ?? 0);
    this.#updates = this.#updates.filter(({ update_id }) => update_id >= offset);
    const timeoutMs = Number(body.timeout ?? 0) * 1000;
    if (this.#updates.length > 0 || timeoutMs === 0) return OK(this.#updates.slice(0, 100));
    return await new Promise((resolve) => {
      const timer = setTimeout(() => this.#answerPoll(OK([])), timeoutMs);
      this.#poll = (what) => {
        clearTimeout(timer);
        resolve(what);
      };
      const poll = this.#poll;
      response.on('close', () => {
        clearTimeout(timer);
        if (this.#poll === poll) this.#poll = undefined;
      });
    });
  }

  #answerPoll(what: Answer): void {
    const poll = this.#poll;
    this.#poll = undefined;
    poll?.(what);
  }

  #call(method: string, body: BotCall['body']): Answer {
    switch (method) {
      case 'getMe':
        return OK({ id: 123_456_789, is_bot: true, first_name: 'Boats', username: 'boats_bot' });
      case 'getWebhookInfo':
        return OK({ url: this.webhook, has_custom_certificate: false, pending_update_count: 0 });
      case 'sendMessage':
      case 'sendDocument':
        return this.#send(body);
      case 'editMessageText':
      case 'editMessageCaption':
      case 'editMessageReplyMarkup':
        return this.#edit(method, body);
      case 'answerCallbackQuery':
        if (!this.#queries.delete(String(body.callback_query_id)))
          return refused(
            400,
            'Bad Request: query is too old and response timeout expired or query ID is invalid',
          );
        this.answers.push(String(body.text ?? ''));
        return OK(true);
      default:
        return refused(404, 'Not Found: method not found');
    }
  }

  #send(body: BotCall['body']): Answer {
    const chat = Number(body.chat_id);
    if (!this.#chats.has(chat)) return refused(400, 'Bad Request: chat not found');
    const isDocument = body.document !== undefined;
    const read = textOf(body, isDocument);
    if ('error_code' in read) return { ok: false, ...read };
    const document = isDocument ? fileOf(body) : undefined;
    const markup = body.reply_markup as Markup | undefined;
    const problem = markupProblem(markup);
    if (problem !== undefined) return refused(400, problem);
    const message: ChatMessage = {
      message_id: this.#nextMessage++,
      chat: this.#chatOf(chat),
      ...read,
      ...(document && { document }),
      buttons: markup?.inline_keyboard ?? [],
      ...(markup?.force_reply && { replyTo: markup.input_field_placeholder ?? '' }),
      edits: 0,
    };
    this.messages.push(message);
    return OK(this.#shown(message));
  }

  #edit(method: string, body: BotCall['body']): Answer {
    const message = this.messages.find(
      ({ message_id, chat }) => message_id === Number(body.message_id) && chat.id === Number(body.chat_id),
    );
    if (message === undefined) return refused(400, 'Bad Request: message to edit not found');
    const markup = body.reply_markup as Markup | undefined;
    const read =
      method === 'editMessageReplyMarkup'
        ? { text: message.text, html: message.html }
        : textOf(body, method === 'editMessageCaption');
    if ('error_code' in read) return { ok: false, ...read };
    const buttons = markup?.inline_keyboard ?? [];
    if (read.text === message.text && JSON.stringify(buttons) === JSON.stringify(message.buttons))
      return refused(
        400,
        'Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message',
      );
    Object.assign(message, read, { buttons, edits: message.edits + 1 });
    return OK(this.#shown(message));
  }

  #chatOf(id: number) {
    return { id, type: this.#chats.get(id) ?? (id < 0 ? 'group' : 'private') };
  }

  #shown({ message_id, chat, text, document }: ChatMessage) {
    const content = document
      ? { caption: text, document: { file_id: 'x', file_name: document.name } }
      : { text };
    return { message_id, date: Math.floor(Date.now() / 1000), chat, ...content };
  }
}

interface MessageOptions {
  from?: Person;
  chat?: number;
  replyTo?: ChatMessage;
  /** Seconds since the epoch. */
  date?: number;
}

interface Markup {
  inline_keyboard?: { text: string; callback_data: string }[][];
  force_reply?: boolean;
  input_field_placeholder?: string;
}

function textOf(
  body: Record<string, unknown>,
  isCaption: boolean,
): { text: string; html: boolean } | Refusal {
  const written = String((isCaption ? body.caption : body.text) ?? '');
  const html = body.parse_mode === 'HTML';
  const parsed = html ? parsedHtml(written) : written;
  if (typeof parsed !== 'string') return parsed;
  if (!isCaption && parsed.trim() === '')
    return { error_code: 400, description: 'Bad Request: message text is empty' };
  if (parsed.length > (isCaption ? 1024 : 4096))
    return { error_code: 400, description: `Bad Request: message ${isCaption ? 'caption ' : ''}is too long` };
  return { text: parsed, html };
}

const TAGS = /<(\/?)([^>\s]*)[^>]*>/g;
const KNOWN = ['b', 'i', 'u', 's', 'code', 'pre', 'a'];

function parsedHtml(html: string): string | Refusal {
  const open: string[] = [];
  const bad = (why: string) => ({
    error_code: 400,
    description: `Bad Request: can't parse entities: ${why}`,
  });
  for (const [, slash, name = ''] of html.matchAll(TAGS)) {
    if (!KNOWN.includes(name)) return bad(`Unsupported start tag "${name}" at byte offset 0`);
    if (slash && open.pop() !== name) return bad('Unexpected end tag at byte offset 0');
    if (!slash) open.push(name);
  }
  if (open.length > 0) return bad(`Can't find end tag corresponding to start tag "${open[0]}"`);
  const text = html.replace(TAGS, '');
  if (text.includes('<')) return bad('Unclosed start tag at byte offset 0');
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

function markupProblem(markup: Markup | undefined): string | undefined {
  const buttons = markup?.inline_keyboard?.flat() ?? [];
  if (buttons.some(({ callback_data }) => Buffer.byteLength(callback_data) > 64))
    return 'Bad Request: BUTTON_DATA_INVALID';
  if (buttons.some(({ text }) => text.trim() === '')) return 'Bad Request: BUTTON_TEXT_INVALID';
  return undefined;
}

function fileOf(body: Record<string, unknown>): { name: string; text: string } {
  const id = String(body.document).replace('attach://', '');
  return body[id] as { name: string; text: string };
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const bytes = await bytesOf(request);
  const type = request.headers['content-type'] ?? '';
  if (!type.startsWith('multipart/')) return bytes.length === 0 ? {} : JSON.parse(bytes.toString());
  const boundary = /boundary=(.+)$/.exec(type)?.[1] ?? '';
  const parts = bytes.toString().split(`--${boundary}`).slice(1, -1);
  return Object.fromEntries(parts.map(partOf));
}

/** Parses like Telegram; Node's parser requires spaces that the standard does not. */
function partOf(part: string): [string, unknown] {
  const [, head = '', content = ''] = /^\r\n([\s\S]*?)\r\n\r\n([\s\S]*)\r\n$/.exec(part) ?? [];
  const name = /\bname="?([^";\r]+)"?/.exec(head)?.[1] ?? '';
  const fileName = /\bfilename="?([^";\r]+)"?/.exec(head)?.[1];
  return [name, fileName === undefined ? fromJson(content) : { name: fileName, text: content }];
}

function fromJson(value: string): unknown {
  return /^[{[]/.test(value) ? JSON.parse(value) : value;
}
