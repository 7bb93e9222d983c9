/** The keys of an English namespace, with any text. Chinese has one plural form, so `_one` keys are left out. */
export type Words<T> = {
  [K in keyof T as K extends `${string}_one` ? never : K]: T[K] extends string ? string : Words<T[K]>;
};
