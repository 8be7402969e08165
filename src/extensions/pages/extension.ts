import type { Extension } from '../../core/kernel/extension.ts';
import { CARD } from './card/announce.ts';

export const PAGES: Extension = { chatPage: CARD };
