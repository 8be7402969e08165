export const BOOKS = [
  { id: 1, title: 'Notes on the Engine', author: 'Ada Lovelace' },
  { id: 2, title: 'The Education of a Computer', author: 'Grace Hopper' },
  { id: 3, title: 'Letters', author: 'Ada Lovelace' },
];
