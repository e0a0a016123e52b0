export const record = (number) => ` ${number} `;
