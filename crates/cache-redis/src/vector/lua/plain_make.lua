-- ARGV: schema, generation of a new index. 1 if it was missing, 0 if it was there, or that there is another.
if known then return known == ARGV[1] and 0 or 'other' end
make(ARGV[2])
save()
return 1
