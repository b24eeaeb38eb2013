"""Pairs of texts for the guards of L3: adversarial ones by two sets of rules, and ordinary paraphrases."""
