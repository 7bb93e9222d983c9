/** The keys of an English namespace with free texts. Chinese has one plural form: `_one` keys are left out. */
export type Words<T> = {
  [K in keyof T as K extends `${string}_one` ? never : K]: T[K] extends string ? string : Words<T[K]>;
};
