"""What the guards of L3 know of English: rewrites, words, synonyms. Other languages are compared word for
word."""
