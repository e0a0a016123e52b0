// SPDX-License-Identifier: MIT

export const record = (number) => ` ${number} `;
