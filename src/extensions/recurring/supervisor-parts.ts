import type { NewPart } from '../../core/supervisor/part.ts';

export const RECURRING_PARTS: readonly NewPart[] = [];
