import type { Extension } from '../../core/kernel/extension.ts';

export const OVERLAP: Extension = {
  remarks: async (...args) => (await import('./overlaps.ts')).overlaps(...args),
};
