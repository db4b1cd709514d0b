declare module "*.css" {
  const text: string;
  export default text;
}
declare module "*?function" {
  const run: (take: (made: any) => void) => void;
  export default run;
}
